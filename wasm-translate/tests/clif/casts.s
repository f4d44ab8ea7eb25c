  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x38(%rdi), %r8
  movl %esi, %r9d
  movl $0xfffffff8, %r10d
  andl (%r8, %r9), %r10d
  movl 0x44(%rdi), %edi
  cmpl %edi, %r10d
  jz      label2; j label1
block2:
  movq %rsi, %rax
  jmp     label3
block3:
  movq %rbp, %rsp
  popq %rbp
  retq
block1:
  movl %esi, 0xf010(%r8)
  movl $0x5a, 0xf014(%r8)
  ud2

  pushq %rbp
  movq %rsp, %rbp
block0:
  testl %esi, %esi
  jnz     label2; j label1
block1:
  movq %rsi, %rax
  jmp     label5
block2:
  movq 0x38(%rdi), %r10
  movl %esi, %r11d
  movl $0xfffffff8, %r9d
  andl (%r10, %r11), %r9d
  movl 0x44(%rdi), %r11d
  cmpl %r11d, %r9d
  jz      label4; j label3
block4:
  movq %rsi, %rax
  jmp     label5
block5:
  movq %rbp, %rsp
  popq %rbp
  retq
block3:
  movl %esi, 0xf010(%r10)
  movl $0x5b, 0xf014(%r10)
  ud2

  pushq %rbp
  movq %rsp, %rbp
block0:
  testl $0x1, %esi
  jnz     label1; j label2
block2:
  movq 0x38(%rdi), %rax
  movl %esi, %ecx
  movq %rsi, %r10
  movl $0xfffffff8, %r11d
  andl (%rax, %rcx), %r11d
  movl 0x1000000(%rax, %r11, 4), %eax
  movl 0x40(%rdi), %ecx
  cmpl %ecx, %eax
  jz      label4; j label3
block4:
  jmp     label5
block5:
  movq %r10, %rax
  movq %rbp, %rsp
  popq %rbp
  retq
block1:
  movq %rsi, %rax
  jmp     label6
block3:
  movq %r10, %rax
  jmp     label6
block6:
  movq 0x38(%rdi), %rcx
  movl %eax, 0xf010(%rcx)
  movl $0x1a, 0xf014(%rcx)
  ud2

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x38(%rdi), %r9
  movl %esi, %r10d
  movl $0xfffffff8, %r8d
  andl (%r9, %r10), %r8d
  movl 0x1000000(%r9, %r8, 4), %r9d
  cmpl 0x40(%rdi), %r9d
  sete %r10b
  movzbl %r10b, %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  testl %esi, %esi
  jnz     label2; j label1
block1:
  jmp     label5
block2:
  testl $0x1, %esi
  jnz     label3; j label4
block3:
  jmp     label5
block4:
  movq 0x38(%rdi), %rax
  movl %esi, %ecx
  movl $0xfffffff8, %edx
  andl (%rax, %rcx), %edx
  movl 0x100001c(%rax, %rdx, 4), %eax
  cmpl $0x3, %eax
  sete %al
  movzbl %al, %eax
  jmp     label6
block5:
  uninit  %rax
  xorl %eax, %eax
  jmp     label6
block6:
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %rax
  andl $0x1, %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  testl %esi, %esi
  setne %sil
  movzbl %sil, %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x38(%rdi), %r10
  movl %esi, %r11d
  movl $0xfffffff8, %r9d
  andl (%r10, %r11), %r9d
  movl 0x44(%rdi), %eax
  cmpl %eax, %r9d
  jz      label3; j label1
block1:
  jmp     label2
block2:
  uninit  %rax
  xorq %rax, %rax
  movq %rbp, %rsp
  popq %rbp
  retq
block3:
  movq 8(%r10, %r11), %rax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x18(%rsi), %r8
  movl 8(%r8), %r8d
  cmpl 0x48(%rdi), %r8d
  jnz #trap=user16
  movq %rsi, %rax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  testl %esi, %esi
  jz #trap=user13
  sarl $1, %esi
  leal 3(%rsi), %eax
  movq %rbp, %rsp
  popq %rbp
  retq


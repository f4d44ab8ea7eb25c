  pushq %rbp
  movq %rsp, %rbp
block0:
  movl %esi, %esi
  uninit  %rax
  xorl %eax, %eax
  movq 0x40(%rdi), %rcx
  jmp     label1
block1:
  movzbq (%rcx, %rsi), %rdi
  leal (%rax, %rdi), %eax
  leal 1(%rsi), %esi
  cmpl %edx, %esi
  jnz     label2; j label3
block2:
  jmp     label1
block3:
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movl %esi, %eax
  movq 0x40(%rdi), %rdi
  jmp     label1
block1:
  movl 4(%rdi, %rax), %eax
  movl (%rdi, %rax), %r8d
  testl %r8d, %r8d
  jnz     label2; j label3
block2:
  jmp     label1
block3:
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movl %esi, %eax
  uninit  %rsi
  xorl %esi, %esi
  movq 0x40(%rdi), %rcx
  jmp     label1
block1:
  movzbq (%rcx, %rax), %rdi
  testl %edi, %edi
  jnz     label3; j label2
block2:
  leal 1(%rax), %edi
  jmp     label4
block3:
  leal 2(%rax), %edi
  movq %rsi, %rax
  jmp     label4
block4:
  cmpl %edx, %edi
  jnz     label5; j label6
block5:
  movq %rax, %rsi
  movq %rdi, %rax
  jmp     label1
block6:
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x40(%rdi), %r8
  jmp     label1
block1:
  movl %esi, %r9d
  movzbq (%r8, %r9), %r9
  movq %rdx, %rcx
  movq %r9, %rax
  roll %cl, %eax
  testl %r9d, %r9d
  jnz     label2; j label3
block2:
  movq %rcx, %rdx
  movq %rax, %rsi
  jmp     label1
block3:
  movq %rbp, %rsp
  popq %rbp
  retq


  pushq %rbp
  movq %rsp, %rbp
  subq $0x30, %rsp
  movq %rbx, 0x10(%rsp)
  movq %r12, 0x18(%rsp)
  movq %r13, 0x20(%rsp)
block0:
  movq %rdx, %r13
  movq %rdi, <offset:1>+(%rsp)
  movq 0x40(%rdi), %rcx
  movl %esi, %edx
  uninit  %rax
  xorq %rax, %rax
  leaq (%rcx, %rdx, 8), %rcx
  cmpq $0x2, %rdx
  cmovaeq %rax, %rcx
  movq (%rcx), %rax
  testq %rax, %rax
  jnz     label1; j label2
block1:
  movq %rdi, %rbx
  jmp     label3
block3:
  movl 0x10(%rax), %ecx
  movl 0x74(%rbx), %r12d
  cmpl %r12d, %ecx
  jnz     label10; j label4
block4:
  movq (%rax), %rcx
  movq 8(%rax), %rdi
  call    *%rcx
  movq 0x40(%rbx), %rax
  movq %r13, %rdx
  movl %edx, %edx
  leaq (%rax, %rdx, 8), %rax
  uninit  %rcx
  xorq %rcx, %rcx
  cmpq $0x2, %rdx
  cmovaeq %rcx, %rax
  movq (%rax), %rax
  testq %rax, %rax
  jnz     label5; j label6
block5:
  jmp     label7
block7:
  movl 0x10(%rax), %ecx
  cmpl %r12d, %ecx
  jnz     label9; j label8
block8:
  movq (%rax), %rcx
  movq 8(%rax), %rdi
  call    *%rcx
  movq 0x10(%rsp), %rbx
  movq 0x18(%rsp), %r12
  movq 0x20(%rsp), %r13
  addq $0x30, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq 0x10(%rdi), %rax
  movq 0x50(%rax), %rax
  movl $0x1, %ecx
  movl %ecx, %esi
  movq %rdi, %rbx
  call    *%rax
  jmp     label3
block6:
  movq 0x10(%rbx), %rax
  movq 0x50(%rax), %rax
  movl $0x1, %ecx
  movl %ecx, %esi
  movq %rbx, %rdi
  call    *%rax
  jmp     label7
block9:
  cmpq 0x18(%rbx), %rax
  jz #trap=user5
  ud2
block10:
  cmpq 0x18(%rbx), %rax
  jz #trap=user5
  ud2

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x60(%rdi), %r10
  movl %esi, %eax
  uninit  %r11
  xorq %r11, %r11
  movq %rax, %r8
  shlq $0x3, %r8
  addq (%r10), %r8
  cmpq $0x3, %rax
  cmovaeq %r11, %r8
  movl (%r8), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x58(%rdi), %rcx
  movl $0x2, %eax
  movq %rbp, %rsp
  popq %rbp
  retq

